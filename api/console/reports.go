package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"duradesk/api/catalog"
	"duradesk/api/openapi"
)

func reportRoutes() []route {
	return []route{{pattern: "GET /reports", serve: (*visit).reportPage}}
}

// reportNames lists the reports in the order in which they are offered.
var reportNames = []string{"volume", "response_times", "sla", "backlog", "channels", "agents", "feedback", "reception_types", "categories"}

// reportView is one report: what was asked, a picture of it, and its table.
type reportView struct {
	frame
	Name, Explain       string
	Names, Desks        []option
	Per, By             []option // nil where the report does not take it
	Desk, PerNow, ByNow string
	From, To, Zone      string
	Wrong               []string
	CSV                 string
	Columns             []reportHead
	Rows                [][]string
	Picture             *picture
}

type reportHead struct {
	Label  string
	Figure bool // its cells stand at the right
}

func (v *visit) reportPage() error {
	if !v.me.Lead() {
		return v.refuse(http.StatusForbidden, say(v.lang, "title.forbidden"), say(v.lang, "report.leads"))
	}
	house, err := v.theHouse()
	if err != nil {
		return err
	}
	asked := v.r.URL.Query()
	out := v.reportAsked(asked, house)
	query := url.Values{}
	for name, value := range map[string]string{"from": out.From, "to": out.To, "desk": out.Desk, "per": out.PerNow, "by": out.ByNow} {
		if value != "" {
			query.Set(name, value)
		}
	}
	address := "/reports/" + out.Name + "?" + query.Encode()
	var found openapi.Report
	status := http.StatusOK
	if err := v.get(address, &found); err != nil {
		if status = statusOf(err); status != http.StatusBadRequest {
			return err
		}
		out.Wrong = v.faultLines(err)
		return v.show(status, "reports", out)
	}
	out.From, out.To, out.Zone = found.From, found.To, found.Zone
	query.Set("from", out.From)
	query.Set("to", out.To)
	query.Set("format", "csv")
	out.CSV = "/api/v1/reports/" + out.Name + "?" + query.Encode()
	out.table(v.lang, found, house)
	out.Picture = pictureOf(v.lang, out, found)
	return v.show(status, "reports", out)
}

// reportAsked fills the form with what was asked, or with what is usual.
func (v *visit) reportAsked(asked url.Values, house *house) reportView {
	out := reportView{Name: reportNames[0], From: asked.Get("from"), To: asked.Get("to"), Desk: asked.Get("desk")}
	for _, name := range reportNames {
		if name == asked.Get("name") {
			out.Name = name
		}
		out.Names = append(out.Names, option{name, say(v.lang, "report."+name)})
	}
	for _, d := range house.Desks {
		out.Desks = append(out.Desks, option{d.Key, d.Name})
	}
	choose := func(name string, words ...string) ([]option, string) {
		now := words[0]
		var all []option
		for _, word := range words {
			if word == asked.Get(name) {
				now = word
			}
			all = append(all, option{word, catalog.Shared().Say(v.lang, "report.column."+word, nil)})
		}
		return all, now
	}
	switch out.Name {
	case "volume":
		out.Per, out.PerNow = choose("per", "day", "hour")
	case "response_times":
		out.By, out.ByNow = choose("by", "desk", "group", "agent", "priority")
	}
	out.frame, out.Explain = v.frame(say(v.lang, "nav.reports")), say(v.lang, "report."+out.Name+"_why")
	return out
}

// faultLines are what the API finds wrong with what was asked.
func (v *visit) faultLines(err error) []string {
	var out []string
	if p, ok := err.(*problem); ok { //nolint:errorlint // the API's own answer, wrapped by nobody
		for _, e := range p.Errors {
			out = append(out, e.Detail)
		}
	}
	return out
}

func (r *reportView) table(lang string, found openapi.Report, house *house) {
	for _, column := range found.Columns {
		r.Columns = append(r.Columns, reportHead{column.Label, column.Kind != openapi.ReportColumnsKindText})
	}
	for _, row := range found.Rows {
		line := make([]string, len(row))
		for i, cell := range row {
			line[i] = reportCell(lang, found.Columns[i].Key, cell, house)
		}
		if row[0] == nil {
			line[0] = catalog.Shared().Say(lang, "report.all", nil)
		}
		r.Rows = append(r.Rows, line)
	}
}

// reportCell writes one cell as people read it: keys by their names, figures with their thousands apart.
func reportCell(lang, column string, cell any, house *house) string {
	switch value := cell.(type) {
	case string:
		switch {
		case value == "":
			return "–"
		case column == "desk":
			return house.desk(value)
		case column == "group":
			return house.group(value)
		case column == "agent":
			return house.agent(value)
		case column == "time" || column == "name" || column == "reception_type":
			return value
		}
		return sayOr(lang, column+"."+value, value)
	case float64:
		if value == float64(int64(value)) {
			return thousands(int64(value))
		}
		return strconv.FormatFloat(value, 'f', -1, 64)
	case nil:
		return ""
	}
	return fmt.Sprint(cell)
}

func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if left := len(digits) - i; i > 0 && left%3 == 0 && digits[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}
