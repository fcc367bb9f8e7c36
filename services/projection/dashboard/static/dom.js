// Elements made of nodes, never of markup, and a patch that keeps focus, selection and scrolling.

const SVG = 'http://www.w3.org/2000/svg';

/** An HTML element; an attribute of null or false is left out, `style` goes through CSSOM. */
export const h = (tag, attributes, ...children) =>
  filled(document.createElement(tag), attributes, children);

/** The same for SVG. */
export const s = (tag, attributes, ...children) =>
  filled(document.createElementNS(SVG, tag), attributes, children);

export const icon = (name) =>
  s('svg', { class: `i i-${name}`, viewBox: '0 0 16 16', 'aria-hidden': 'true' },
    s('use', { href: `#i-${name}` }));

export const sr = (text) => h('span', { class: 'sr' }, text);

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'style') {
      // The attribute would be an inline style, which the Content-Security-Policy refuses.
      for (const [property, to] of Object.entries(value)) element.style.setProperty(property, to);
    } else {
      element.setAttribute(name, value === true ? '' : value);
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return element;
}

/**
 * Give `element` these children, reusing those it has: by `data-key`, else by place.
 * With `fade`, a changed text shows so on the nearest element marked `data-live`.
 */
export function show(element, children, fade = false) {
  const fresh = h('div', null, children);
  patchChildren(element, fresh, fade && !matchMedia('(prefers-reduced-motion: reduce)').matches);
}

function patchChildren(old, fresh, fade) {
  const keyed = new Map();
  for (const child of old.children) if (child.dataset.key) keyed.set(child.dataset.key, child);
  let at = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const match = found(next, at, keyed);
    if (!match) {
      old.insertBefore(next, at);
      continue;
    }
    if (match === at) at = at.nextSibling;
    else old.insertBefore(match, at);
    patch(match, next, fade);
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

function found(next, at, keyed) {
  const key = next.dataset?.key;
  if (key) {
    const old = keyed.get(key);
    keyed.delete(key); // should two have one key, the second is a new element
    return old;
  }
  return at && !at.dataset?.key && at.nodeName === next.nodeName ? at : null;
}

function patch(old, next, fade) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data === next.data) return;
    old.data = next.data;
    if (fade) changed(old.parentElement.closest('[data-live]'));
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (name !== 'style' && name !== 'data-changed' && !next.hasAttribute(name)) {
      old.removeAttribute(name);
    }
  }
  for (const { name, value } of next.attributes) {
    if (name !== 'style' && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if (old.style.cssText !== next.style.cssText) old.style.cssText = next.style.cssText;
  patchChildren(old, next, fade);
}

function changed(element) {
  if (!element) return;
  element.removeAttribute('data-changed');
  void element.offsetWidth; // so that a second change begins the fading anew
  element.setAttribute('data-changed', '');
  element.addEventListener('animationend', () => element.removeAttribute('data-changed'), { once: true });
}
