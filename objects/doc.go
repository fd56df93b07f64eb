// Package objects keeps the bytes of files in a bucket of an S3-compatible store: Amazon's, MinIO, Ceph, Garage and others.
//
// Which file lies where, and what may be removed when, does not belong here: the record decides it (package postgres).
package objects
