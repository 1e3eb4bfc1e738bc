// Forms that are drawn anew while one types: a line more or less, a search in a picker, a field on which others depend.
// The server draws the form (defaults, further levels, what is visible are its business) and saves nothing; the new
// one is morphed over the old, so that what is typed stays.
import htmx from "htmx.org";
import { state } from "./guard.js";
import { refused, token } from "./requests.js";

const REDRAWS = 'button[name="_add"], button[name="_remove"], button[name="_find"], button[name="_refresh"]';
const TRIES_MAX = 4; // of a drawing that was overtaken by typing

let next; // the button that was pressed while a form was being drawn

export function startLines() {
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button?.matches(REDRAWS) || !event.target.matches("form[data-form]") || button.dataset.plain) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    redraw(event.target, button);
  }, true);
  document.addEventListener("change", ({ target }) => {
    if (!target.matches?.("form[data-form] [data-effect]")) return;
    const button = target.form.querySelector('button[name="_refresh"]');
    if (button) redraw(target.form, button);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
    const input = event.target;
    const find = input.closest?.(".picker-find")?.querySelector('button[name="_find"]');
    if (find && find !== input) {
      event.preventDefault();
      return find.click();
    }
    if (!input.matches?.(".line input:not([type=checkbox], [type=radio], [type=file], [type=search])")) return;
    event.preventDefault();
    goDown(input);
  });
}

async function redraw(form, button) {
  const { name, value } = button;
  const known = new Set(linesOf(form));
  if (form.dataset.drawing) {
    next = name === "_refresh" ? next : { id: form.id, name, value }; // a refresh sees what was typed meanwhile anyway
    return;
  }
  next = undefined;
  form.dataset.drawing = "yes";
  button.setAttribute("aria-busy", "true");
  try {
    const { answer, text } = await askServer(form, button);
    if (refused(answer.status)) return;
    if (answer.redirected || !text.includes(`id="${form.id}"`)) return sendPlainly(form, button);
    await htmx.swap({ sourceElement: form, target: form, text, select: `#${form.id}`, swap: "outerMorph" });
    settle(document.getElementById(form.id), name, value, known);
  } catch {
    sendPlainly(form, button); // the browser shows what is wrong
  } finally {
    button.removeAttribute("aria-busy");
    delete form.dataset.drawing;
  }
  pressNext();
}

// A button that was pressed while the form was being drawn is not lost: it is pressed on the new drawing.
function pressNext() {
  if (!next) return;
  const { id, name, value } = next;
  next = undefined;
  const form = document.getElementById(id);
  const again = form?.querySelector(`button[name="${name}"][value="${CSS.escape(value)}"]`);
  if (again) redraw(form, again);
}

// What was typed while the server drew must not be drawn over: then it is asked again.
async function askServer(form, button) {
  for (let tries = 1; ; tries += 1) {
    const sent = state(form);
    const body = new FormData(form, button);
    const answer = await fetch(form.action, {
      method: "POST",
      body: form.enctype === "multipart/form-data" ? body : new URLSearchParams(body),
      headers: { "X-CSRF-Token": token(), "HX-Request": "true", Accept: "text/html" },
    });
    const text = await answer.text();
    if (!answer.ok || sent === state(form) || tries === TRIES_MAX) return { answer, text };
  }
}

function sendPlainly(form, button) {
  button.dataset.plain = "yes";
  form.requestSubmit(button);
}

function linesOf(form) {
  return [...form.querySelectorAll("[data-line]")].map((line) => line.dataset.line);
}

// After the new drawing the focus is where the work goes on.
function settle(form, name, value, known) {
  if (name === "_refresh") return; // the focus stays where it is
  if (name === "_find") return form.querySelector(`[name="${CSS.escape(value)}"]`)?.focus();
  const added = [...form.querySelectorAll("[data-line]")].find((line) => !known.has(line.dataset.line));
  if (name === "_add" && added) {
    added.classList.add("is-new");
    return firstControl(added)?.focus();
  }
  const block = value.slice(0, value.lastIndexOf("."));
  form.querySelector(`button[name="_add"][value="${CSS.escape(name === "_add" ? value : block)}"]`)?.focus();
}

function firstControl(line) {
  return line.querySelector("input:not([type=hidden]), select, textarea");
}

// Enter goes to the same field of the next line; from the last one, to a new line.
function goDown(input) {
  const line = input.closest("[data-line]");
  const column = input.name.slice(line.dataset.line.length);
  const lines = [...line.parentElement.children].filter((child) => child.matches("[data-line]"));
  const next = lines[lines.indexOf(line) + 1];
  if (next) next.querySelector(`[name="${CSS.escape(next.dataset.line + column)}"]`)?.focus();
  else line.closest("[data-lines]")?.querySelector(`button[name="_add"][value="${CSS.escape(line.closest("[data-lines]").dataset.lines)}"]`)?.click();
}
