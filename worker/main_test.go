package worker

import (
	"testing"

	"duradesk/dispatch/temporaltest"
)

func TestMain(m *testing.M) { temporaltest.Main(m) }
