// What is wrong with the page as it is laid out now: a list of sentences, empty if nothing is. Evaluated by check.py.
(() => {
  const found = [];
  const edge = document.documentElement.clientWidth;
  const short = (element) => `<${element.localName} class="${element.getAttribute("class") ?? ""}"> ${element.textContent.slice(0, 60)}`;
  const find = (what, element) => { if (found.length < 20) found.push(`${what}: ${short(element)}`); };

  if (document.documentElement.scrollWidth > edge) found.push(`the page is ${document.documentElement.scrollWidth} wide in ${edge}`);
  for (const element of document.querySelectorAll("h1,h2,h3,p,li,dd,dt,td,th,td>div,code,bdi,pre,time,small,caption,a,.mark")) {
    const box = element.getBoundingClientRect();
    if (box.width > 0 && (box.right > edge + 1 || box.left < -1)) find("reaches over the edge", element);
  }
  for (const cell of document.querySelectorAll("td")) {
    const room = cell.getBoundingClientRect();
    for (const element of cell.querySelectorAll("*")) {
      const box = element.getBoundingClientRect();
      if (box.width > 0 && (box.right > room.right + 1.5 || box.left < room.left - 1.5)) find("reaches over its cell", element);
    }
  }

  // Pictures: every text inside, none over another one.
  for (const svg of document.querySelectorAll("svg[role=img]")) {
    const frame = svg.getBoundingClientRect();
    const boxes = [...svg.querySelectorAll("text")].map((text) => [text, text.getBoundingClientRect()]);
    for (const [text, box] of boxes) {
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
        find("text outside of its picture", text);
    }
    boxes.sort(([, a], [, b]) => a.left - b.left);
    for (let i = 0; i < boxes.length; i++) {
      for (let j = i + 1; j < boxes.length && boxes[j][1].left < boxes[i][1].right - 1; j++) {
        const [a, b] = [boxes[i][1], boxes[j][1]];
        // A line's box is higher than its letters.
        const spare = Math.min(a.height, b.height) * 0.3;
        if (a.top + spare < b.bottom - spare && b.top + spare < a.bottom - spare) find(`over "${boxes[i][0].textContent.slice(0, 40)}"`, boxes[j][0]);
      }
    }
    if (!svg.querySelector(":scope > title")?.textContent || !svg.querySelector(":scope > desc")?.textContent) find("says nothing to who does not see it", svg);
  }

  // Contrast of each colour of text with what is below it (WCAG 2: 4.5).
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = (colour) => channels(colour).slice(0, 3).map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const below = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if ((channels(colour)[3] ?? 1) > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const seen = new Set();
  const contrast = (element, ink, paper) => {
    const key = `${ink} on ${paper}`;
    if (seen.has(key)) return;
    seen.add(key);
    const [light, dark] = [luminance(ink), luminance(paper)].sort((a, b) => b - a);
    if ((light + 0.05) / (dark + 0.05) < 4.5) find(`${key} has too little contrast`, element);
  };
  for (const element of document.querySelectorAll("body *")) {
    if (element.closest("svg")) continue;
    if ([...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) contrast(element, getComputedStyle(element).color, below(element));
  }
  for (const text of document.querySelectorAll("svg text")) {
    const cell = /\bc[1-5]\b/.test(text.getAttribute("class")) ? text.previousElementSibling : null;
    contrast(text, getComputedStyle(text).fill, cell ? getComputedStyle(cell).fill : "rgb(255, 255, 255)");
  }
  return found;
})();
