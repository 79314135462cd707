// What is cut, what lies over something else, and what is wider than the page, as sentences. Lengths are in CSS pixels.
() => {
  const findings = [];
  const root = document.documentElement;
  const SLACK = 1.5;
  // Smaller letters are not read.
  const SMALLEST_LETTERS = 9;
  const MOST = 12;

  const said = text => text.replace(/\s+/g, ' ').trim().slice(0, 50);
  const called = element => {
    const id = element.id ? '#' + element.id : '';
    const owner = element.closest('section[id], [id]');
    return `<${element.localName}${id}> “${said(element.textContent)}”` + (owner && owner !== element ? ` in #${owner.id}` : '');
  };
  const isSeen = element => element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true, opacityProperty: true });
  // For readers of the page's text alone.
  const isForEars = element => {
    for (let one = element; one; one = one.parentElement) {
      const style = getComputedStyle(one);
      if (style.clipPath.startsWith('inset(50%') && one.clientWidth <= 1) return true;
    }
    return false;
  };
  const scrolls = style => /auto|scroll/.test(style.overflowX + ' ' + style.overflowY);
  const clips = style => style.overflowX !== 'visible' || style.overflowY !== 'visible';
  const cut = (a, b) => ({ left: Math.max(a.left, b.left), right: Math.min(a.right, b.right), top: Math.max(a.top, b.top), bottom: Math.min(a.bottom, b.bottom) });
  const isEmpty = box => box.right - box.left <= 0 || box.bottom - box.top <= 0;
  // The part of a box that areas which scroll let through.
  const shown = (box, element) => {
    for (let one = element.parentElement; one && one !== document.body; one = one.parentElement) {
      if (one.namespaceURI === 'http://www.w3.org/1999/xhtml' && clips(getComputedStyle(one))) box = cut(box, one.getBoundingClientRect());
    }
    return box;
  };

  if (root.scrollWidth > root.clientWidth) findings.push(`the page is ${root.scrollWidth} px wide in a window of ${root.clientWidth}`);

  const all = Array.from(document.body.querySelectorAll('*')).filter(one => !['script', 'style', 'noscript', 'title', 'desc'].includes(one.localName));
  const texts = [];
  for (const element of all) {
    if (!isSeen(element) || isForEars(element)) continue;
    const style = getComputedStyle(element);
    const isHTML = element.namespaceURI === 'http://www.w3.org/1999/xhtml';
    if (isHTML || element.localName === 'svg') {
      const box = shown(element.getBoundingClientRect(), element);
      if (!isEmpty(box) && (box.right > root.clientWidth + SLACK || box.left < -SLACK)) {
        findings.push(`${called(element)} reaches from ${Math.round(box.left)} to ${Math.round(box.right)} px in a window of ${root.clientWidth}`);
      }
    }
    if (isHTML && clips(style) && !scrolls(style) && (element.scrollWidth > element.clientWidth + SLACK || element.scrollHeight > element.clientHeight + SLACK)) {
      // What is shortened with “…” is there as a whole under the pointer.
      const whole = element.closest('[title]');
      if (!(style.textOverflow === 'ellipsis' && whole && whole.title.includes(element.textContent))) {
        findings.push(`${called(element)} is cut: ${element.scrollWidth} × ${element.scrollHeight} px in ${element.clientWidth} × ${element.clientHeight}`);
      }
    }
    for (const node of element.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE || !node.textContent.trim()) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const picture = isHTML ? null : element.closest('svg');
      for (const rect of range.getClientRects()) {
        if (picture) {
          const frame = picture.getBoundingClientRect();
          if (rect.left < frame.left - SLACK || rect.right > frame.right + SLACK || rect.top < frame.top - SLACK || rect.bottom > frame.bottom + SLACK) {
            findings.push(`the text “${said(node.textContent)}” leaves its picture “${said(picture.querySelector('title')?.textContent || '')}”`);
          }
        }
        const box = shown(rect, element);
        // The height of a line is that of its tallest letters, and more.
        const inset = 0.22 * rect.height;
        texts.push({ left: box.left + 1, right: box.right - 1, top: Math.max(box.top, rect.top + inset), bottom: Math.min(box.bottom, rect.bottom - inset), node });
      }
      const scale = picture && element.getScreenCTM ? element.getScreenCTM().a : 1;
      const size = parseFloat(style.fontSize) * scale;
      if (size < SMALLEST_LETTERS) findings.push(`the letters of “${said(node.textContent)}” are ${size.toFixed(1)} px high`);
    }
  }

  // From top to bottom, those that are still open beside each other.
  texts.sort((a, b) => a.top - b.top);
  let open = [];
  for (const text of texts) {
    if (isEmpty(text)) continue;
    open = open.filter(other => other.bottom > text.top);
    for (const other of open) {
      if (other.node !== text.node && !isEmpty(cut(text, other))) findings.push(`“${said(other.node.textContent)}” and “${said(text.node.textContent)}” lie over each other`);
    }
    open.push(text);
  }
  return findings.length > MOST ? findings.slice(0, MOST).concat([`and ${findings.length - MOST} more`]) : findings;
}
