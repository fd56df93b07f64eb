// Package catalog keeps what the API says to people, in every language, and reads catalogs of the same form.
//
// When something is said does not belong here, nor texts that only one door says.
package catalog
