// Package calendar counts working time: given hours, holidays, closures and a zone, it says when so much of it will
// have passed, how much has passed, and why.
//
// Targets, pauses and policies do not belong here (see lifecycle), nor anything that reads a clock, a file or the
// machine's time zones; iCalendar files are read by calendar/ics.
//
// One rule carries everything: an instant is working time when the clock on the wall of the calendar's zone shows
// working hours. So an hour that the change to summer time leaves out does not count, and an hour that the change
// back repeats counts twice.
package calendar
