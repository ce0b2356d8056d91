// Starts Swagger UI or Redoc in its page: with the document beside it, or with the served one.
(function () {
  'use strict'

  const target = document.getElementById('docs-ui')
  const spec = window.apiDocument
  const url = target.dataset.url

  document.body.style.margin = '0'
  if (target.dataset.ui === 'redoc') {
    window.Redoc.init(spec || url, {}, target)
  } else {
    window.SwaggerUIBundle({
      ...(spec ? { spec } : { url }),
      domNode: target,
      deepLinking: true,
      validatorUrl: null
    })
  }
})()
