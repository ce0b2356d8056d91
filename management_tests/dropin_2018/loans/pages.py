from django.http import HttpResponse


def about(request):
    return HttpResponse('<h1>The library of {}</h1>'.format(request.get_host()))
