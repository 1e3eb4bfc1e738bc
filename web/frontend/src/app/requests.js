// What every request of htmx carries, and what becomes of the answers that are no page.
import { toast } from "./toast.js";
import { word } from "./words.js";

let signedOut = false;

export function startRequests() {
  document.addEventListener("htmx:config:request", ({ detail }) => {
    if (!isSafe(detail.ctx)) detail.ctx.request.headers["X-CSRF-Token"] = token();
  });
  document.addEventListener("htmx:before:response", (event) => {
    const { ctx } = event.detail;
    if (refused(ctx.response.status, isSafe(ctx))) event.preventDefault();
  });
  document.addEventListener("htmx:error", ({ detail }) => {
    if (detail.error?.name !== "AbortError") toast(word("failed") || "!", { bad: true });
  });
  window.addEventListener("focus", () => {
    if (signedOut) renewToken();
  });
}

// Whether an answer must not be shown as it is; says what happened instead.
export function refused(status, safe = false) {
  if (status === 401 && !safe) {
    signedOut = true; // what was typed stays: the sign-in opens beside it
    toast(word("signedOut") || "401", { bad: true, link: { href: "/login", label: word("signIn") || "/login" } });
    return true;
  }
  if (status >= 500) toast(word("failed") || String(status), { bad: true });
  return status >= 500;
}

export function token() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

function isSafe(ctx) {
  return /^(GET|HEAD)$/i.test(ctx.request.method);
}

// After a sign-in in another tab the page's own token is that of a session which is gone.
async function renewToken() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector('meta[name="csrf-token"]')?.content;
  if (!fresh) return;
  document.querySelector('meta[name="csrf-token"]').content = fresh;
  for (const input of document.querySelectorAll('input[name="_csrf"]')) input.value = fresh;
  signedOut = false;
}
