#include "server/openapi.hpp"

#include "base/log.hpp"
#include "server/json_response.hpp"
#include "server/problem.hpp"

#include <fstream>
#include <iterator>

namespace gibsey::server {
namespace {

constexpr const char* kPolicy =
    "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri "
    "'none'";

constexpr const char* kPage = R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gibsey: what it speaks</title>
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 20%, transparent); --soft: color-mix(in srgb, currentColor 6%, transparent); }
  body { font: 16px/1.5 Georgia, serif; max-width: 58rem; margin: 2rem auto; padding: 0 1rem; color: light-dark(#222, #ddd); background: light-dark(#faf8f4, #1b1b1d); }
  code, pre, input, .method { font: 14px/1.5 ui-monospace, monospace; }
  h3 { margin-bottom: 0; }
  pre { background: var(--soft); padding: .75rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
  input { width: 100%; box-sizing: border-box; padding: .5rem; position: sticky; top: .5rem; }
  nav a { margin-right: 1rem; }
  h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
  h4 { margin: 1rem 0 .25rem; }
  details { border-bottom: 1px solid var(--line); padding: .4rem 0; }
  details > div { padding: 0 0 1rem 1rem; }
  summary { cursor: pointer; overflow-wrap: anywhere; }
  .method { display: inline-block; min-width: 4.5rem; font-weight: bold; }
  .access { font-size: 13px; border: 1px solid var(--line); border-radius: 1em; padding: 0 .6em; margin: 0 .5em; }
  table { border-collapse: collapse; display: block; overflow-x: auto; }
  th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
  td:first-child { white-space: nowrap; }
  td:last-child { min-width: 8rem; }
  article { scroll-margin-top: 4rem; margin-top: 2rem; }
  h3 code { font-size: 17px; }
  [hidden] { display: none; }
</style>
<h1>Gibsey</h1>
<p id="about"></p>
<p><label for="filter">Find a path, a field or an event</label> <input id="filter" type="search" autocomplete="off"></p>
<nav id="tags" aria-label="Parts"></nav>
<main id="operations"><p>Reading <a href="/openapi.json">/openapi.json</a> &hellip;</p></main>
<script type="module">
  const byId = (id) => document.getElementById(id);
  const make = (tag, fields, ...children) => {
    const node = Object.assign(document.createElement(tag), fields);
    node.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== ''));
    return node;
  };
  const answer = await fetch('/openapi.json');
  if (!answer.ok) {
    byId('operations').textContent = (await answer.json()).detail;
    throw new Error('no table');
  }
  const table = await answer.json();
  const resolve = (node) => (node.$ref ? resolve(node.$ref.slice(2).split('/').reduce((part, key) => part[key], table)) : node);
  const nameOf = (node) => node.$ref.slice(node.$ref.lastIndexOf('/') + 1);
  const between = (items, sign) => items.flatMap((item, place) => (place ? [sign, item] : [item]));

  const limits = (schema) => {
    const range = (least, most, word) =>
      least === undefined && most === undefined ? '' : (least === undefined ? 'at most ' + most : most === undefined ? 'at least ' + least : `${least} to ${most}`) + word;
    return [range(schema.minimum, schema.maximum, ''), range(schema.minLength, schema.maxLength, ' characters'), range(schema.minItems, schema.maxItems, ' items'),
      schema.pattern, schema.default === undefined ? '' : 'default ' + JSON.stringify(schema.default)].filter(Boolean).join(', ');
  };
  const typeOf = (schema) => {
    if (schema.$ref) return [make('a', { href: '#' + nameOf(schema) }, nameOf(schema))];
    if ('const' in schema) return [JSON.stringify(schema.const)];
    if (schema.enum) return [schema.enum.map((value) => JSON.stringify(value)).join(' | ')];
    if (schema.oneOf) return between(schema.oneOf.map(typeOf), ' | ');
    if (schema.type === 'array') return ['list of ', typeOf(schema.items)];
    if (schema.type === 'object' && schema.properties) return ['object ', fieldsOf(schema)];
    if (schema.type === 'object' && schema.additionalProperties) return ['object of ', typeOf(schema.additionalProperties)];
    return [[schema.type ?? 'anything'].flat().join(' | '), limits(schema) ? `, ${limits(schema)}` : ''];
  };
  const rows = (heads, lines) => make('table', {}, make('thead', {}, make('tr', {}, heads.map((head) => make('th', { scope: 'col' }, head)))),
    make('tbody', {}, lines.map((cells) => make('tr', {}, cells.map((cell) => make('td', {}, cell))))));
  const fieldsOf = (schema) => rows(['field', 'type', ''], Object.entries(schema.properties).map(([name, field]) =>
    [make('code', {}, name), typeOf(field), [schema.required?.includes(name) ? '' : 'optional. ', resolve(field).description ?? '']]));
  const part = (title, ...content) => [make('h4', {}, title), ...content];
  const example = (value) => make('pre', {}, JSON.stringify(value, null, 2));

  const show = (method, path, operation) => {
    const body = make('div', {}, operation.description ? make('p', {}, operation.description) : '');
    const parameters = (operation.parameters ?? []).map(resolve);
    if (parameters.length) {
      body.append(...part('Parameters', rows(['name', 'in', 'type', ''], parameters.map((parameter) =>
        [make('code', {}, parameter.name), parameter.in, typeOf(parameter.schema), [parameter.required ? 'required. ' : '', parameter.description ?? '']]))));
    }
    if (operation.requestBody) {
      const [[kind, { schema }]] = Object.entries(operation.requestBody.content);
      body.append(...part('Request', ...(kind.endsWith('json') ? [...typeOf(schema), example(resolve(schema).examples[0])] : [kind])));
    }
    body.append(...part('Answers', rows(['status', '', 'body'], Object.entries(operation.responses).map(([status, node]) => {
      const content = Object.entries(resolve(node).content ?? {})[0];
      return [make('code', {}, status), resolve(node).description, content ? [content[0].endsWith('json') ? typeOf(content[1].schema) : content[0]] : ''];
    }))));
    if (operation['x-events']) {
      body.append(...part('Events, in this order', rows(['event', 'data', ''], operation['x-events'].map((event) =>
        [make('code', {}, event.event), [typeOf(event.data), event.encoding === 'text' ? ', as it is' : ''], [event.many ? 'any number. ' : '', event.description ?? '']]))));
    }
    for (const [way, title] of [['in', 'Messages to the server'], ['out', 'Messages from the server']]) {
      if (operation['x-messages']) {
        body.append(...part(title, rows(['message', '', 'example'], operation['x-messages'][way].map((message) =>
          [typeOf(message), resolve(message).description ?? '', make('code', {}, JSON.stringify(resolve(message).examples[0]))]))));
      }
    }
    if (operation['x-close-codes']) body.append(...part('Close codes', rows(['code', ''], Object.entries(operation['x-close-codes']))));
    return make('details', { id: operation.operationId }, make('summary', {}, make('span', { className: 'method' }, method.toUpperCase()), make('code', {}, path),
      make('span', { className: 'access', title: 'who may use it where auth is on' }, operation['x-access']), operation.summary), body);
  };

  byId('about').textContent = `${table.info.summary} Version ${table.info.version}. ${table.info.description}`;
  const all = Object.entries(table.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ method, path, operation })));
  const sections = table.tags.map((tag) => make('section', {}, make('h2', { id: tag.name.replaceAll(' ', '-') }, tag.name), make('p', {}, tag.description),
    all.filter(({ operation }) => operation.tags[0] === tag.name).map(({ method, path, operation }) => show(method, path, operation))));
  const schemas = Object.entries(table.components.schemas).map(([name, schema]) => make('article', { id: name }, make('h3', {}, make('code', {}, name)),
    schema.description ? make('p', {}, schema.description) : '', schema.properties ? fieldsOf(schema) : make('p', {}, typeOf(schema)),
    schema.properties && schema.examples ? example(schema.examples[0]) : ''));
  byId('operations').replaceChildren(...sections, make('section', {}, make('h2', { id: 'schemas' }, 'Schemas'), ...schemas));
  byId('tags').append(...[...table.tags.map((tag) => tag.name), 'schemas'].map((name) => make('a', { href: '#' + name.replaceAll(' ', '-') }, name)));
  byId('filter').oninput = (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    for (const node of document.querySelectorAll('details, article')) node.hidden = !node.textContent.toLowerCase().includes(wanted);
  };
  const target = location.hash && byId(decodeURIComponent(location.hash.slice(1)));
  if (target) {
    if (target.localName === 'details') target.open = true;
    target.scrollIntoView();
  }
</script>
</html>
)html";

}  // namespace

std::string read_openapi(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (Json::accept(text)) return text;
  log::warn("there is no table of the API at {}; /openapi.json will say so", file.string());
  return {};
}

net::HttpResponse openapi_table(std::string_view text) {
  if (text.empty()) return problem(404, "The file openapi.json is not in this installation; it lies at the root of the clone.");
  return {200, {{"Content-Type", "application/json"}, {"Cache-Control", "no-cache"}}, std::string(text)};
}

net::HttpResponse openapi_page() {
  return {200,
          {{"Content-Type", "text/html; charset=utf-8"}, {"Cache-Control", "no-cache"}, {"Content-Security-Policy", kPolicy}},
          kPage};
}

}  // namespace gibsey::server
