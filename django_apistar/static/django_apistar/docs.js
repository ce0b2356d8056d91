// The documentation page: the language of its samples, and the way around on it.
(function () {
  'use strict'

  const buttons = document.querySelectorAll('#language-control [data-language]')
  const links = document.querySelectorAll('.menu-content a[href^="#"]')
  const menu = document.querySelector('.menu-context-mobile')

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

  if (menu) {
    menu.addEventListener('change', function () {
      window.location.hash = menu.value
    })
  }

  function mark(id) {
    links.forEach(function (link) {
      link.classList.toggle('active', link.getAttribute('href') === '#' + id)
    })
  }

  // The topmost title on the screen is the one that is read.
  const watcher = new IntersectionObserver(function (entries) {
    const seen = entries.find(function (entry) { return entry.isIntersecting })
    if (seen) {
      mark(seen.target.id)
    }
  }, { rootMargin: '0px 0px -70% 0px' })

  document.querySelectorAll('.coredocs-link-title').forEach(function (title) {
    watcher.observe(title)
  })
})()
