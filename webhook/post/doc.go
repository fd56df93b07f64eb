// Package post sends signed requests to addresses that strangers chose, and to nobody inside.
//
// When something is sent, and what, does not belong here: see package activities.
package post
