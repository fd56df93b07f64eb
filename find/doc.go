// Package find is the language in which tickets are looked for: one grammar for URL, saved view and command line, and
// how text is folded and cut into the terms that an index holds.
//
// What a condition means in SQL does not belong here: that is package postgres.
package find
