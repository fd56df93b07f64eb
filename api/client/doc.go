// Package client calls the HTTP API of a desk; its types and methods are generated from ../openapi.yaml.
//
// Nothing that a command line or a person sees belongs here.
package client
