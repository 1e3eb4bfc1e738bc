// Ctrl/Cmd+S and Ctrl/Cmd+Enter save the form; a single key presses what carries it as data-key.
export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented || event.altKey) return;
    if (event.ctrlKey || event.metaKey) return save(event);
    if (isTyping(event.target) || document.querySelector("dialog[open]") || document.body.dataset.shortcuts === "off") return;
    const found = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!found) return;
    event.preventDefault();
    if (found.matches("input, select, textarea")) found.focus();
    else found.click();
  });
}

function save(event) {
  if (event.key !== "Enter" && event.key.toLowerCase() !== "s") return;
  const form = event.target.closest?.("form[data-form]") ?? document.querySelector("form[data-form]");
  if (!form) return;
  event.preventDefault();
  form.requestSubmit();
}

function isTyping(element) {
  return element.matches?.("input, select, textarea, [contenteditable]") ?? false;
}
