// Package oauth asks an OAuth 2 server for an access token (RFC 6749 §4.4, §6), with which mail servers let a mailbox in.
//
// When a token is asked for, by whom, and where it is kept do not belong here (see activities.Tokens).
package oauth
