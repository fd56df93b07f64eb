package main

import (
	"io"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/server/common/dynamicconfig"
)

func TestGivenSettingsWin(t *testing.T) {
	t.Parallel()
	all, err := settings(map[string]string{
		"HISTORY.transferProcessorMaxPollRPS":   "20", // keys know no case
		"matching.numTaskqueueReadPartitions":   "4",
		"limit.maxIDLength":                     "300",
		"frontend.WorkflowTimeSkippingEnabled":  "false",
		"matching.longPollExpirationInterval":   `"30s"`,
		"frontend.enableServerVersionCheck":     "true",
		"frontend.namespaceBurstRatio":          "1.5",
		"history.timerProcessorMaxTimeShift":    `"500ms"`,
		"system.secondaryVisibilityWritingMode": `"off"`,
	}, newLogger(io.Discard, slog.LevelWarn, "text"))
	require.NoError(t, err)
	one := func(key dynamicconfig.Key) any {
		values := all.GetValue(key)
		require.Len(t, values, 1, key)
		return values[0].Value
	}
	require.Equal(t, 20, one(dynamicconfig.TransferProcessorMaxPollRPS.Key()))
	require.Equal(t, 4, one(dynamicconfig.MatchingNumTaskqueueReadPartitions.Key()))
	require.Equal(t, 300, one(dynamicconfig.MaxIDLengthLimit.Key()))
	require.Equal(t, false, one(dynamicconfig.WorkflowTimeSkippingEnabled.Key()))
	require.Equal(t, "30s", one(dynamicconfig.MatchingLongPollExpirationInterval.Key()))
	require.InDelta(t, 1.5, one(dynamicconfig.FrontendMaxNamespaceBurstRatioPerInstance.Key()), 0)
	require.Equal(t, 1, one(dynamicconfig.MatchingNumTaskqueueWritePartitions.Key()), "what is not given keeps its default")
	require.Equal(t, unlimited, one(dynamicconfig.TimerProcessorMaxPollRPS.Key()))
}

func TestSettingThatIsNoJSON(t *testing.T) {
	t.Parallel()
	_, err := settings(map[string]string{"history.rps": "many"}, newLogger(io.Discard, slog.LevelWarn, "text"))
	require.EqualError(t, err, `--dynamic-config-value history.rps: "many" is no JSON value (a text needs quotation marks)`)
}

func TestSettingWithoutEffectIsSaid(t *testing.T) {
	t.Parallel()
	out := newOutput()
	_, err := settings(map[string]string{"history.noSuch": "1", "history.rps": `"many"`}, newLogger(out, slog.LevelWarn, "text"))
	require.NoError(t, err)
	require.Regexp(t, `has no effect.*history\.nosuch`, out.String())
	require.Regexp(t, `has no effect.*history\.rps`, out.String())
}
