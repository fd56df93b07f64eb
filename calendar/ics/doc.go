// Package ics reads the holidays and closures that an iCalendar file (RFC 5545) lists, as people export them from
// their calendars.
//
// Counting working time does not belong here (see calendar), nor fetching files.
package ics
