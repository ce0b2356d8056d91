// Starts Swagger UI or Redoc in its page: with the document beside it, or with the served one.
(function () {
  'use strict'

  const target = document.getElementById('docs-ui')
  const spec = window.apiDocument
  const url = target.dataset.url

  // Both sanitise texts, but not each URL that a document names: those of externalDocs, say.
  function refuseScript(event) {
    const link = event.target.closest('a[href]')
    if (link && link.protocol === 'javascript:') {
      event.preventDefault()
    }
  }

  // Redoc asks its maker's server for a logo, and does without one that cannot be shown.
  function keepLogoOut() {
    const image = HTMLImageElement.prototype
    const source = Object.getOwnPropertyDescriptor(image, 'src')

    function own(value) {
      return String(value).startsWith('https://cdn.redoc.ly/') ? 'data:,' : value
    }

    image.setAttribute = function (name, value) {
      Element.prototype.setAttribute.call(this, name, name === 'src' ? own(value) : value)
    }
    Object.defineProperty(image, 'src', {
      ...source,
      set(value) {
        source.set.call(this, own(value))
      }
    })
  }

  // A browser sends cookies by itself, and lets no script set them or these headers.
  const unsettable = /^(cookie|host|origin|referer|connection|content-length|date|(proxy|sec)-.*)$/i

  function isOffered(scheme) {
    return scheme.in !== 'cookie' && !(scheme.in === 'header' && unsettable.test(scheme.name))
  }

  function leaveOut(spec) {
    const { securitySchemes } = spec.components || {}
    const kept = Object.entries(securitySchemes || {}).filter(([, scheme]) => isOffered(scheme))
    const names = new Set(kept.map(([name]) => name))
    const paths = Object.entries(spec.paths || {}).map(function ([path, item]) {
      return [path, Object.fromEntries(Object.entries(item).map(function ([method, operation]) {
        return [method, leaveOutOfOperation(operation, names)]
      }))]
    })
    const components = securitySchemes
      ? { ...spec.components, securitySchemes: Object.fromEntries(kept) } : spec.components
    return { ...spec, components, paths: Object.fromEntries(paths) }
  }

  function leaveOutOfOperation(operation, names) {
    const changed = { ...operation }
    if (Array.isArray(operation.security)) {
      changed.security = operation.security.filter(function (demand) {
        return Object.keys(demand).every((name) => names.has(name))
      })
    }
    if (Array.isArray(operation.parameters)) {
      changed.parameters = operation.parameters.filter(isOffered)
    }
    return changed
  }

  // Django wants this of who has logged in by a session, of the admin say.
  function sendToken(request) {
    const cookie = document.cookie.split('; ').find(function (pair) {
      return pair.startsWith(target.dataset.csrfCookie + '=')
    })
    const method = (request.method || 'GET').toUpperCase()
    const isOwn = new URL(request.url, window.location).origin === window.location.origin
    if (cookie && isOwn && !['GET', 'HEAD'].includes(method)) {
      request.headers[target.dataset.csrfHeader] = decodeURIComponent(cookie.split('=')[1])
    }
    return request
  }

  function browserPlugin() {
    const updateJsonSpec = (original) => (given) => original(leaveOut(given))
    return { statePlugins: { spec: { wrapActions: { updateJsonSpec } } } }
  }

  document.body.style.margin = '0'
  document.addEventListener('click', refuseScript, true)
  document.addEventListener('auxclick', refuseScript, true)
  if (target.dataset.ui === 'redoc') {
    keepLogoOut()
    // Two names of one option: older Redocs know the second alone.
    window.Redoc.init(spec || url, { sanitize: true, untrustedSpec: true }, target)
  } else {
    window.SwaggerUIBundle({
      ...(spec ? { spec } : { url }),
      domNode: target,
      deepLinking: true,
      persistAuthorization: true,
      plugins: [browserPlugin],
      requestInterceptor: sendToken,
      validatorUrl: null
    })
  }
})()
