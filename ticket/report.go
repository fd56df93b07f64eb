package ticket

import "time"

// ReportQuery asks for figures over the tickets of some desks.
type ReportQuery struct {
	Name     string
	From, To time.Time // from the first instant on, before the second
	Zone     string    // IANA name, in which days and hours begin
	Per      string    // of the report volume: day, hour
	By       string    // of the report response_times: desk, group, agent, priority
	Desks    []string  // nil: all, empty: none
	Group    string    // "": any
	Now      time.Time // that the ages of the report backlog are counted to
}

// Report is a table of figures. A cell is a string, an int64, a float64, or nil where there is nothing to say; in the
// first column nil stands for all of the others together.
type Report struct {
	Columns []ReportColumn
	Rows    [][]any
}

// ReportColumn is one column; Kind: text, count, minutes (whole, of the wall clock), percent.
type ReportColumn struct{ Key, Kind string }
