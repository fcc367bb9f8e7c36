// Runs before the first paint, or the page would flash in the wrong language or theme.
(() => {
  const asked = new URLSearchParams(location.search);
  if (asked.get('lang') === 'en') document.documentElement.lang = 'en';
  const theme = asked.get('theme');
  if (theme) document.getElementById('dark').media = theme === 'dark' ? 'screen' : 'not all';
})();
