// Short messages at the foot of the page. The style sheet lets them go after eight seconds; here they are cleared away.
export function startToasts() {
  document.addEventListener("animationend", (event) => {
    if (event.animationName === "toast-out") event.target.remove();
  });
}

// Shows `text`, with an optional link {label, href} that opens in a new tab.
export function toast(text, { bad = false, link = null } = {}) {
  const box = document.createElement("p");
  box.className = bad ? "toast is-bad" : "toast";
  box.append(text);
  if (link) {
    const anchor = document.createElement("a");
    Object.assign(anchor, { href: link.href, target: "_blank", rel: "noopener", textContent: link.label });
    box.append(anchor);
  }
  corner().append(box);
}

function corner() {
  const found = document.getElementById("toasts");
  if (found) return found;
  const made = document.createElement("div");
  Object.assign(made, { id: "toasts", className: "toasts", role: "status" });
  document.body.append(made);
  return made;
}
