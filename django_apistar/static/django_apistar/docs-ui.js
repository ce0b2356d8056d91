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
      validatorUrl: null
    })
  }
})()
