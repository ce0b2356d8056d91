// The language buttons of API Star's documentation page.
(function () {
  'use strict'

  const buttons = document.querySelectorAll('#language-control [data-language]')

  function show(language) {
    buttons.forEach(function (button) {
      button.classList.toggle('active', button.dataset.language === language)
    })
    document.querySelectorAll('pre[data-language]').forEach(function (sample) {
      sample.classList.toggle('d-none', sample.dataset.language !== language)
    })
  }

  buttons.forEach(function (button) {
    button.addEventListener('click', function (event) {
      event.preventDefault()
      show(button.dataset.language)
    })
  })
})()
