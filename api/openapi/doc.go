// Package openapi holds the server's interface and types as generated from ../openapi.yaml.
//
// Nothing is written here by hand: change the document and run go generate ./api.
package openapi
