// A one-time link carries its secret after the #, which browsers tell no server. Here it goes into the form, and out of
// the address. Without scripts it is pasted.
const field = document.querySelector("form[data-link] input[name=link]");
if (field && location.hash.length > 1) {
  field.value = location.hash.slice(1);
  field.closest("label").hidden = true;
  history.replaceState(null, "", location.pathname);
}
