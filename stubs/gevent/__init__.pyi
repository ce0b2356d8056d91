"""What `runapistar` uses of gevent, which is not always installed."""
