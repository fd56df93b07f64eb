// Package webhook signs what the desk tells other programs, and checks what they tell the desk (Standard Webhooks 1.0),
// and says which addresses may be called at all.
//
// The calling itself does not belong here: see webhook/post.
package webhook
