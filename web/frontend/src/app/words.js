// The scripts hold no words: the page brings them, in the reader's language, as data-text-… of its body.
export function word(name) {
  return document.body.dataset[`text${name[0].toUpperCase()}${name.slice(1)}`] || "";
}
