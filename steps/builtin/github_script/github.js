'use strict';
// What scripts know as `github`: a REST client with request(), graphql(), paginate() and the methods of
// github_methods.js. A name that is not there is an error that says what to call instead.

const methods = require('./github_methods.js');

class HttpError extends Error {
  constructor(message, status, { request, response }) {
    super(message);
    this.name = 'HttpError';
    this.status = status;
    this.request = request;
    this.response = response;
  }
}

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const without = (object, names) => Object.fromEntries(Object.entries(object).filter(([key]) => !names.includes(key)));

// `GET /repos/{owner}/{repo}` and its parameters → what is sent. What the path does not take goes into the query
// or the body.
function toRequest(route, parameters, defaults) {
  const words = route.trim().split(/\s+/);
  const method = (words.length > 1 ? words[0] : parameters.method || 'GET').toUpperCase();
  let url = words[words.length - 1];
  const used = ['method', 'url', 'headers', 'mediaType', 'baseUrl', 'request', 'data'];
  url = url.replace(/\{([^}]+)\}|:([a-z]\w+)/g, (whole, braced, colon) => {
    const expression = braced || colon;
    if (expression.startsWith('?')) {
      const names = expression.slice(1).split(',').filter((name) => parameters[name] !== undefined);
      used.push(...names);
      return names.length ? '?' + new URLSearchParams(names.map((name) => [name, String(parameters[name])])) : '';
    }
    const reserved = expression.startsWith('+');
    const name = expression.replace(/^\+/, '');
    used.push(name);
    const value = parameters[name];
    if (value === undefined || value === null) return '';
    return reserved ? encodeURI(String(value)) : encodeURIComponent(String(value));
  });
  const rest = Object.fromEntries(Object.entries(without(parameters, used)).filter(([, value]) => value !== undefined));
  if (!/^https?:/.test(url)) url = (parameters.baseUrl || defaults.baseUrl).replace(/\/$/, '') + url;
  const headers = { ...defaults.headers };
  for (const [key, value] of Object.entries(parameters.headers || {})) headers[key.toLowerCase()] = String(value);
  const { format, previews } = { previews: defaults.previews, ...parameters.mediaType };
  if (format) headers.accept = `application/vnd.github.v3.${format}`;
  if (previews && previews.length) headers.accept = previews.map((name) => `application/vnd.github.${name.trim()}-preview+json`).join(',');
  let body = parameters.data;
  if (method === 'GET' || method === 'HEAD') {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(rest)) query.append(key, Array.isArray(value) ? value.join(',') : String(value));
    if ([...query].length) url += (url.includes('?') ? '&' : '?') + query;
  } else if (body === undefined && Object.keys(rest).length) {
    body = rest;
  }
  if (body !== undefined && typeof body !== 'string' && !ArrayBuffer.isView(body) && !(body instanceof ArrayBuffer)) {
    body = JSON.stringify(body);
    headers['content-type'] = headers['content-type'] || 'application/json; charset=utf-8';
  }
  return { method, url, headers, body };
}

async function readBody(response) {
  const type = response.headers.get('content-type') || '';
  if (response.status === 204 || response.status === 205) return undefined;
  if (/application\/(.+\+)?json/.test(type)) {
    const text = await response.text();
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  if (!type || /^text\/|charset=utf-8$/.test(type)) return response.text();
  return response.arrayBuffer();
}

function messageOf(data) {
  if (typeof data === 'string') return data;
  if (!data || !data.message) return `Unknown error: ${JSON.stringify(data)}`;
  const suffix = data.documentation_url ? ` - ${data.documentation_url}` : '';
  return Array.isArray(data.errors) ? `${data.message}: ${data.errors.map((error) => JSON.stringify(error)).join(', ')}${suffix}` : data.message + suffix;
}

async function send(request, log) {
  const begin = Date.now();
  const path = request.url.replace(/^https?:\/\/[^/]+/, '');
  const response = await fetch(request.url, { method: request.method, headers: request.headers, body: request.body }).catch((cause) => {
    const error = new HttpError((cause.cause && cause.cause.message) || cause.message, 500, { request });
    error.cause = cause;
    throw error;
  });
  log.debug(`${request.method} ${path} - ${response.status} in ${Date.now() - begin}ms`);
  const answer = { status: response.status, url: response.url, headers: Object.fromEntries(response.headers), data: await readBody(response) };
  if (response.status === 304) throw new HttpError('Not modified', 304, { request, response: answer });
  if (response.status >= 400) throw new HttpError(messageOf(answer.data), response.status, { request, response: answer });
  return answer;
}

const nextPage = (link) => ((link || '').match(/<([^<>]+)>;\s*rel="next"/) || [])[1];

// Lists come bare, or with a count beside the one array.
function itemsOf(data) {
  if (Array.isArray(data)) return data;
  if (!data) return [];
  const key = Object.keys(data).find((name) => Array.isArray(data[name]));
  return key ? data[key] : data;
}

function makeClient({ token, baseUrl, graphqlUrl, userAgent, previews, retries, doNotRetry, debug }) {
  const log = { debug: debug ? console.debug : () => {}, info: debug ? console.info : () => {}, warn: console.warn, error: console.error };
  const defaults = {
    baseUrl,
    previews,
    headers: { accept: 'application/vnd.github.v3+json', 'user-agent': userAgent, ...(token && { authorization: `token ${token}` }) },
  };

  async function request(route, parameters = {}) {
    if (typeof route !== 'string') [parameters, route] = [route, route.url];
    const sent = toRequest(route, parameters, defaults);
    for (let attempt = 0; ; ++attempt) {
      try {
        return await send(sent, log);
      } catch (error) {
        if (!error.status || error.status < 400 || doNotRetry.includes(error.status) || attempt >= retries) throw error;
        await wait((attempt + 1) ** 2 * 1000);
      }
    }
  }
  request.endpoint = (route, parameters = {}) => toRequest(route, parameters, defaults);

  async function graphql(query, variables = {}) {
    if (typeof query !== 'string') [variables, query] = [without(query, ['query']), query.query];
    const { headers, ...values } = variables;
    const response = await request(`POST ${graphqlUrl}`, { headers, data: { query, variables: values } });
    if (response.data.errors) {
      const error = new Error(`Request failed due to following response errors:\n${response.data.errors.map((one) => ` - ${one.message}`).join('\n')}`);
      throw Object.assign(error, { name: 'GraphqlResponseError', errors: response.data.errors, data: response.data.data, headers: response.headers });
    }
    return response.data.data;
  }

  async function* pages(route, parameters = {}) {
    if (typeof route === 'object') [parameters, route] = [route, `${route.method || 'GET'} ${route.url}`];
    let response = await (typeof route === 'function' ? route(parameters) : request(route, parameters));
    for (;;) {
      const next = nextPage(response.headers.link);
      yield { ...response, data: itemsOf(response.data) };
      if (!next) return;
      response = await request(`GET ${next}`, { headers: parameters.headers, mediaType: parameters.mediaType });
    }
  }

  async function paginate(route, parameters, map) {
    if (typeof parameters === 'function') [parameters, map] = [undefined, parameters];
    let items = [];
    let stopped = false;
    for await (const page of pages(route, parameters)) {
      items = items.concat(map ? map(page, () => (stopped = true)) : page.data);
      if (stopped) break;
    }
    return items;
  }
  paginate.iterator = (route, parameters) => pages(route, parameters);

  // A namespace that knows its methods and says so of others.
  const namespace = (name, routes) => {
    const calls = Object.fromEntries(
      Object.entries(routes).map(([method, route]) => [method, Object.assign((parameters = {}) => request(route, parameters), { endpoint: (parameters) => request.endpoint(route, parameters) })])
    );
    return new Proxy(calls, {
      get(known, method) {
        if (method in known || typeof method === 'symbol' || method === 'then' || method === 'toJSON') return known[method];
        throw new Error(
          `github.rest.${name}.${String(method)} is not known to the built-in actions/github-script; call github.request('GET /…') ` +
            'in its place, or use the action itself with --no-builtin actions/github-script'
        );
      },
    });
  };
  const known = Object.fromEntries(Object.entries(methods).map(([name, routes]) => [name, namespace(name, routes)]));
  const rest = new Proxy(known, {
    get(all, name) {
      if (name in all || typeof name === 'symbol' || name === 'then' || name === 'toJSON') return all[name];
      return namespace(String(name), {});
    },
  });
  return { request, graphql, paginate, rest, log, auth: async () => (token ? { type: 'token', token, tokenType: 'oauth' } : { type: 'unauthenticated' }) };
}

module.exports = { makeClient };
