package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// How long a time may be that is counted over: what is longer takes the database too long.
const (
	reportDays     = 366
	reportHourDays = 31 // where each hour is told
	usualDays      = 30
)

// GetReport counts what happened to the tickets of the asker's desks.
func (s *server) GetReport(c *gin.Context, name string, q openapi.GetReportParams) {
	ctx, done := budget(c)
	defer done()
	asked := ticket.ReportQuery{Name: name, Group: value(q.Group), Per: "day", By: "desk", Now: s.Now()}
	if q.Per != nil {
		asked.Per = string(*q.Per)
	}
	if q.By != nil {
		asked.By = string(*q.By)
	}
	err := s.reportDesks(ctx, askerOf(c), value(q.Desk), &asked)
	if err != nil {
		s.told(c, err)
		return
	}
	first, last, faults := reportTime(value(q.From), value(q.To), &asked)
	if len(faults) > 0 {
		s.fail(c, problem{kind: invalidQuery, faults: faults})
		return
	}
	found, err := s.Reports.Report(ctx, asked)
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.Report{Name: name, From: first, To: last, Zone: asked.Zone, Desks: list(asked.Desks), Rows: found.Rows}
	if out.Rows == nil {
		out.Rows = [][]any{}
	}
	lang := s.language(c)
	for _, column := range found.Columns {
		key := column.Key
		if key == "time" {
			key = asked.Per
		}
		out.Columns = append(out.Columns, reportColumn{Key: column.Key, Kind: openapi.ReportColumnsKind(column.Kind), Label: s.texts.say(lang, "report.column."+key, nil)})
	}
	if q.Format != nil && *q.Format == openapi.Csv {
		s.sayCSV(c, out)
		return
	}
	answer(c, http.StatusOK, out)
}

// reportColumn is what the document calls a column.
type reportColumn = struct {
	Key   string                    `json:"key"`
	Kind  openapi.ReportColumnsKind `json:"kind"`
	Label string                    `json:"label"`
}

// reportDesks takes the desks that the asker is in, or the one that he names of them, and the zone in which they work;
// where they differ, UTC.
func (s *server) reportDesks(ctx context.Context, who asker, desk string, asked *ticket.ReportQuery) error {
	desks, err := s.House.Desks(ctx)
	if err != nil {
		return err
	}
	calendars, err := s.House.Calendars(ctx)
	if err != nil {
		return err
	}
	zones := map[string]string{}
	for _, spec := range calendars {
		zones[spec.Key] = spec.Zone
	}
	asked.Desks = []string{}
	for _, d := range desks {
		if !who.sees(d.Key) || desk != "" && d.Key != desk {
			continue
		}
		zone := zoneName(zones[d.Settings.Calendar])
		if len(asked.Desks) > 0 && zone != asked.Zone {
			zone = time.UTC.String()
		}
		asked.Zone, asked.Desks = zone, append(asked.Desks, d.Key)
	}
	if desk != "" && len(asked.Desks) == 0 {
		return &ticket.Error{Code: ticket.NotFound, Message: "there is no such desk"}
	}
	asked.Zone = zoneName(asked.Zone)
	return nil
}

// reportTime reads the first and the last day, in the zone of the desks.
func reportTime(from, to string, asked *ticket.ReportQuery) (first, last string, faults []fault) {
	zone, err := time.LoadLocation(asked.Zone)
	if err != nil {
		zone = time.UTC // a calendar with such a zone cannot be stored
	}
	day := func(parameter, text string, usual time.Time) time.Time {
		if text == "" {
			return usual
		}
		t, err := time.ParseInLocation(time.DateOnly, text, zone)
		if err != nil {
			faults = append(faults, fault{parameter: parameter, code: "form_date"})
		}
		return t
	}
	y, m, d := asked.Now.In(zone).Date()
	end := day("to", to, time.Date(y, m, d, 0, 0, 0, 0, zone))
	begin := day("from", from, end.AddDate(0, 0, 1-usualDays))
	most := reportDays
	if asked.Per == "hour" {
		most = reportHourDays
	}
	switch {
	case len(faults) > 0:
	case begin.After(end):
		faults = append(faults, fault{parameter: "from", code: "report_backwards"})
	case !begin.AddDate(0, 0, most).After(end):
		faults = append(faults, fault{parameter: "from", code: "report_long", args: map[string]string{"days": strconv.Itoa(most)}})
	}
	asked.From, asked.To = begin, end.AddDate(0, 0, 1)
	return begin.Format(time.DateOnly), end.Format(time.DateOnly), faults
}

// sayCSV answers with a table (RFC 4180). It begins with a byte order mark: spreadsheets take it for another encoding
// else, and Japanese for rubbish.
func (s *server) sayCSV(c *gin.Context, r openapi.Report) {
	var out bytes.Buffer
	out.WriteString("\uFEFF")
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	line := make([]string, len(r.Columns))
	for i, column := range r.Columns {
		line[i] = column.Label
	}
	_ = w.Write(line) // into memory
	for _, row := range r.Rows {
		for i, cell := range row {
			line[i] = csvCell(cell)
		}
		if row[0] == nil {
			line[0] = s.texts.say(s.language(c), "report.all", nil)
		}
		_ = w.Write(line)
	}
	w.Flush()
	c.Header("Content-Disposition", fmt.Sprintf(`attachment; filename="%s_%s_%s.csv"`, r.Name, r.From, r.To))
	c.Data(http.StatusOK, "text/csv; charset=utf-8", out.Bytes())
}

// csvCell keeps a spreadsheet from taking a name for a formula (OWASP, CSV injection).
func csvCell(cell any) string {
	switch v := cell.(type) {
	case nil:
		return ""
	case string:
		if strings.ContainsAny(v[:min(1, len(v))], "=+-@\t\r") {
			return "'" + v
		}
		return v
	}
	return fmt.Sprint(cell)
}
