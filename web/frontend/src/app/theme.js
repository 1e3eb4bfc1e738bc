// Shows a chosen theme or density at once; the form around the choice stores it.
export function startTheme() {
  document.addEventListener("change", ({ target }) => {
    if (target.matches?.("[data-theme-choice]")) show("theme", target.value, ["light", "dark"]);
    if (target.matches?.("[data-density-choice]")) show("density", target.value, ["compact"]);
  });
}

function show(name, value, known) {
  const root = document.documentElement;
  if (known.includes(value)) root.dataset[name] = value;
  else delete root.dataset[name];
}
