package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/api/client"
)

func TestAReportIsPrintedAsATable(t *testing.T) {
	t.Parallel()
	var r client.Report
	require.NoError(t, json.Unmarshal([]byte(`{"name":"response_times","from":"2026-11-01","to":"2026-11-24","zone":"Asia/Tokyo","desks":["support"],
		"columns":[{"key":"desk","kind":"text","label":"x"},{"key":"first_response_median_minutes","kind":"minutes","label":"x"}],"rows":[["support",1234567],[null,null]]}`), &r))
	var out strings.Builder
	require.NoError(t, printReport(&out, r))
	require.Equal(t, "response_times, 2026-11-01 to 2026-11-24 (Asia/Tokyo), desks: support\nDESK     FIRST RESPONSE MEDIAN MINUTES\nsupport  1234567\n(all)    -\n", out.String())
}
