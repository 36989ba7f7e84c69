(() => {
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.setAttribute("role", "status");
  tip.hidden = true;
  document.body.append(tip);
  let at = null;
  const hide = () => { if (at) at.classList.remove("at"); at = null; tip.hidden = true; };
  const show = (hit) => {
    hide();
    at = hit;
    hit.classList.add("at");
    tip.textContent = hit.dataset.say;
    tip.hidden = false;
    const box = hit.getBoundingClientRect(), own = tip.getBoundingClientRect(), wide = document.documentElement.clientWidth;
    const x = Math.min(Math.max(box.x + box.width / 2 - own.width / 2, 4), wide - own.width - 4);
    const above = box.y - own.height - 6;
    tip.style.left = x + scrollX + "px";
    tip.style.top = (above < 0 ? box.bottom + 6 : above) + scrollY + "px";
  };
  for (const plot of document.querySelectorAll("svg.plot")) {
    const hits = [...plot.querySelectorAll(".hit")];
    if (!hits.length) continue;
    for (const hit of hits) {
      const title = hit.firstElementChild;
      hit.dataset.say = title.textContent;
      title.remove();
      hit.addEventListener("pointerenter", () => show(hit));
      hit.addEventListener("pointerleave", hide);
    }
    plot.setAttribute("tabindex", "0");
    const row = Number(plot.dataset.row || 0);
    plot.addEventListener("blur", hide);
    plot.addEventListener("keydown", (event) => {
      const here = hits.indexOf(at), last = hits.length - 1;
      const to = { ArrowRight: here + 1, ArrowLeft: here < 0 ? last : here - 1, Home: 0, End: last,
        ArrowDown: here + (row || 1), ArrowUp: here - (row || 1) }[event.key];
      if (event.key === "Escape") hide();
      if (to === undefined || to < 0 || to > last) return;
      event.preventDefault();
      show(hits[to]);
    });
  }
})();
