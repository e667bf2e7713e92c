// Before the first paint: the look that was chosen, or the system's.
(() => {
  const chosen = localStorage.getItem("warren-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
