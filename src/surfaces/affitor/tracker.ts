/**
 * The script that pages of a merchant load: it remembers by which link a visitor came and tells visits and sign-ups
 * (apis.md 4.3, 4.4). Plain JavaScript for any browser of the last years; it is served as it stands here.
 */
export const TRACKER = String.raw`/* Tributary: affiliate tracking for the browser.
 *
 *   <script src="https://your-host/js/affitor-tracker.js" data-affitor-program-id="42"></script>
 *   await window.affitor.signup('your id of the customer', 'their@email.example');
 *
 * data-affitor-program-id     number of the program
 * data-affitor-api-base       where calls go; default: where this script came from
 * data-affitor-cookie-domain  default: the widest domain that may be written
 * data-affitor-debug          "true": says in the console what it does
 */
(function () {
  'use strict';

  var CLICK_ID = 'affitor_click_id';
  var CLICK_IDS = 'affitor_click_ids';
  var AFF_URL = 'affitor_aff_url';
  var LEGACY_CLICK_ID = 'customer_code';
  var MOST_CLICK_IDS = 20;

  var script = document.currentScript || document.querySelector('script[src*="/js/affitor-tracker.js"]');
  var programId =
    attribute('data-affitor-program-id') ||
    attribute('data-affitor-program') ||
    (window.AFFITOR_PROGRAM_ID ? String(window.AFFITOR_PROGRAM_ID) : null);
  var apiBase = (attribute('data-affitor-api-base') || ownBase()).replace(/\/+$/, '');
  var debug = attribute('data-affitor-debug') === 'true';
  var sessionId = 'sess_' + Math.random().toString(36).slice(2, 11) + '_' + Date.now();
  var cookieDays = 60;
  var cookieDomain = attribute('data-affitor-cookie-domain');
  var clicking = null;

  function attribute(name) {
    return (script && script.getAttribute(name)) || null;
  }

  function ownBase() {
    var src = script && script.src ? script.src : '';
    return src.indexOf('/js/affitor-tracker.js') === -1 ? '' : src.split('/js/affitor-tracker.js')[0];
  }

  function say(words, more) {
    if (debug) console.log('[affitor] ' + words, more === undefined ? '' : more);
  }

  /* Cookies */

  function readCookie(name) {
    var all = document.cookie.split(';');
    for (var i = 0; i < all.length; i += 1) {
      var pair = all[i].trim();
      if (pair.indexOf(name + '=') === 0) return pair.slice(name.length + 1) || null;
    }
    return null;
  }

  /** The widest domain whose cookies this page may write; empty: only its own host. */
  function widestDomain() {
    if (cookieDomain !== null) return cookieDomain;
    var host = window.location.hostname;
    var parts = host.split('.');
    cookieDomain = '';
    if (parts.length < 2 || /^[0-9.]+$/.test(host) || host.indexOf(':') !== -1) return cookieDomain;
    for (var i = parts.length - 2; i >= 0; i -= 1) {
      var candidate = '.' + parts.slice(i).join('.');
      document.cookie = 'affitor_domain_test=1; path=/; domain=' + candidate;
      if (readCookie('affitor_domain_test') === null) continue;
      document.cookie = 'affitor_domain_test=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; domain=' + candidate;
      cookieDomain = candidate;
      break;
    }
    return cookieDomain;
  }

  function writeCookie(name, value) {
    var until = new Date(Date.now() + cookieDays * 86400000).toUTCString();
    var domain = widestDomain();
    document.cookie =
      name + '=' + value + '; expires=' + until + '; path=/; SameSite=Lax' +
      (domain === '' ? '' : '; domain=' + domain) +
      (window.location.protocol === 'https:' ? '; Secure' : '');
  }

  /** The visitor's click id; one that an older tracker left is taken over. */
  function clickId() {
    var own = readCookie(CLICK_ID);
    var old = own === null ? readCookie(LEGACY_CLICK_ID) : null;
    if (old !== null) writeCookie(CLICK_ID, old);
    return own || old;
  }

  /** Every click id that this browser had, the oldest first. */
  function clickIds() {
    var kept = [];
    try {
      kept = decodeURIComponent(readCookie(CLICK_IDS) || '').split('|').filter(Boolean);
    } catch (error) {
      kept = [];
    }
    var current = clickId();
    if (current !== null && kept.indexOf(current) === -1) kept.push(current);
    return kept.slice(-MOST_CLICK_IDS);
  }

  function keep(id, days, url) {
    if (days > 0) cookieDays = days;
    var all = clickIds().filter(function (one) { return one !== id; }).concat(id);
    writeCookie(CLICK_ID, id);
    writeCookie(LEGACY_CLICK_ID, id);
    writeCookie(CLICK_IDS, encodeURIComponent(all.slice(-MOST_CLICK_IDS).join('|')));
    writeCookie(AFF_URL, url.replace(/;/g, '%3B').replace(/,/g, '%2C').replace(/\s/g, '%20'));
  }

  /* Calls */

  function send(path, body) {
    return fetch(apiBase + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      credentials: 'omit',
      keepalive: true,
    });
  }

  function affIn(url) {
    try {
      return url === null ? null : new URL(url).searchParams.get('aff') || null;
    } catch (error) {
      return null;
    }
  }

  /** Tells a visit; gives the visitor's click id, or null when the visit counts for nobody. Never throws. */
  function trackClick(affiliateUrl, existing) {
    var url = affiliateUrl || window.location.href;
    clicking = send('/api/v1/track/click', {
      affiliate_url: url,
      page_url: window.location.href,
      page_title: document.title,
      referrer_url: document.referrer,
      session_id: sessionId,
      user_agent: navigator.userAgent,
      screen_resolution: screen.width + 'x' + screen.height,
      viewport_size: window.innerWidth + 'x' + window.innerHeight,
      language: navigator.language,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      existing_click_id: existing || null,
      program_id: programId,
    })
      .then(function (response) { return response.json(); })
      .then(function (answer) {
        if (!answer.click_id) {
          say('the visit was not counted', answer);
          return null;
        }
        keep(answer.click_id, answer.cookie_window_days, url);
        say('the visit is counted', answer.click_id);
        return answer.click_id;
      })
      .catch(function (error) {
        say('the visit could not be told', error);
        return null;
      });
    return clicking;
  }

  /** Tells a sign-up; true: it was taken. Waits for the visit that is being told. Never throws. */
  function signup(customerKey, email) {
    return Promise.resolve(clicking)
      .then(function () {
        return send('/api/v1/track/lead', {
          customer_key: customerKey || null,
          email: email || null,
          click_id: clickId(),
          click_ids: clickIds(),
          page_url: window.location.href,
          session_id: sessionId,
          program_id: programId,
          has_attribution: clickId() !== null,
          debug_mode: debug,
        });
      })
      .then(function (response) {
        if (!response.ok) say('the sign-up was refused', response.status);
        return response.ok;
      })
      .catch(function (error) {
        say('the sign-up could not be told', error);
        return false;
      });
  }

  function getData() {
    return {
      clickId: clickId(),
      programId: programId === null ? null : Number(programId),
      hasAttribution: clickId() !== null,
      affiliateUrl: readCookie(AFF_URL),
    };
  }

  /* The last click counts: another affiliate's link is told with the id that the visitor has; the same one's is not. */
  var code = affIn(window.location.href);
  var known = clickId();
  var before = affIn(readCookie(AFF_URL));
  if (code !== null && known === null) trackClick();
  else if (code !== null && before !== null && before !== code) trackClick(null, known);

  window.affitor = {
    signup: signup,
    trackLead: signup,
    trackClick: trackClick,
    getClickId: clickId,
    getData: getData,
  };
})();
`;
