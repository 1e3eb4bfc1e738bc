// data-confirm="question" on a button, a link or a form: asks in a dialog before anything happens.
import { word } from "./words.js";

export function startConfirm() {
  document.addEventListener("click", (event) => hold(event, event.target.closest?.("a[data-confirm], button[data-confirm]")), true);
  document.addEventListener("submit", (event) => hold(event, event.target.closest("form[data-confirm]"), event.submitter), true);
}

async function hold(event, asker, submitter = null) {
  if (!asker || asker.dataset.confirmed) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!(await ask(asker.dataset.confirm, asker.dataset.confirmLabel, asker.classList.contains("is-danger") || asker.classList.contains("btn-danger")))) return;
  asker.dataset.confirmed = "yes";
  if (asker.matches("form")) asker.requestSubmit(submitter);
  else asker.click();
  delete asker.dataset.confirmed;
}

// Resolves to true or false; the focus returns to where it was.
export function ask(question, yes, danger = false) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  const text = document.createElement("p");
  text.id = "ask-text";
  text.textContent = question;
  dialog.setAttribute("aria-labelledby", text.id);
  const actions = document.createElement("form");
  actions.method = "dialog";
  actions.className = "dialog-actions";
  actions.append(button("", word("cancel") || "✗", "btn"), button("yes", yes || word("ok") || "✓", `btn ${danger ? "btn-danger" : "btn-primary"}`));
  dialog.append(text, actions);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}

function button(value, label, className) {
  const made = document.createElement("button");
  Object.assign(made, { value, className, textContent: label });
  return made;
}
