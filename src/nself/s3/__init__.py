"""A client of object stores that speak Amazon S3's API, for the tool. The storage server has its own."""
