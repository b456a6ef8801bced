// What a script adds to the reference page: a filter, and buttons that copy examples. Everything can be read without it.
const field = document.getElementById('filter');
const list = document.querySelector('.calls details');

if (list && matchMedia('(max-width: 48rem)').matches) list.open = false;

if (field) {
  field.parentElement.hidden = false;
  const found = document.getElementById('found');
  const calls = [...document.querySelectorAll('article.call')].map((call) => ({
    call,
    text: call.textContent.toLowerCase(),
    link: document.querySelector(`.calls a[href="#${CSS.escape(call.id)}"]`)?.parentElement,
  }));
  const groups = [...document.querySelectorAll('section.group')];

  const filter = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { call, text, link } of calls) {
      call.hidden = !words.every((word) => text.includes(word));
      if (link) link.hidden = call.hidden;
      if (link && !call.hidden) shown += 1;
    }
    for (const group of groups) group.hidden = group.querySelectorAll('article.call:not([hidden])').length === 0;
    for (const heading of document.querySelectorAll('.calls h2'))
      heading.hidden = heading.nextElementSibling.querySelectorAll('li:not([hidden])').length === 0;
    found.textContent = words.length === 0 ? '' : shown === 1 ? '1 call' : `${shown} calls`;
    if (list && words.length > 0) list.open = true;
  };

  field.addEventListener('input', filter);
  // What a link leads to must be there to be shown.
  addEventListener('hashchange', () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target?.closest('[hidden]')) return;
    field.value = '';
    filter();
    target.scrollIntoView();
  });
  addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    field.focus();
  });
}

if (navigator.clipboard)
  for (const text of document.querySelectorAll('.shell pre')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = 'Copy';
    button.setAttribute('aria-label', 'Copy the example');
    const say = (word) => (button.textContent = word);
    button.addEventListener('click', () => {
      navigator.clipboard.writeText(text.textContent).then(
        () => say('Copied'),
        () => say('Not allowed'),
      );
      setTimeout(() => say('Copy'), 2000);
    });
    text.before(button);
  }
