class Site:
    pass
