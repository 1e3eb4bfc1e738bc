// Drop-down panels close on Escape and on a click elsewhere; a second value shows only where two are asked for.
export function startFilters() {
  document.addEventListener("click", ({ target }) => {
    for (const open of document.querySelectorAll("details.filter-add[open]")) if (!open.contains(target)) open.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && event.target.closest?.("details.filter-add[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  document.addEventListener("click", ({ target }) => {
    const opener = target.closest?.("[data-open]");
    if (opener) document.getElementById(opener.dataset.open)?.showModal();
  });
  document.addEventListener("change", ({ target }) => {
    if (target.matches?.("[data-submit-on-change]")) target.form.requestSubmit();
  });
}
