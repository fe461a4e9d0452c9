package main

import (
	"math"
	"testing"
	"time"
)

func TestWhatServersUsedIsDividedByWhatWasSaidMeanwhile(t *testing.T) {
	second := func(messages uint64, store, broker time.Duration, published float64) meter {
		return meter{messages: messages, store: store, broker: broker, published: published, heard: 2 * published, bytes: 100 * published}
	}
	var r clusterRun
	// What was said before the first reading ended is nobody's.
	if err := r.divide([]meter{second(999, time.Second, time.Minute, 50), second(10, 0, 0, 0), second(30, time.Second+4*time.Millisecond, time.Minute+400*time.Microsecond, 90)}); err != nil {
		t.Fatal(err)
	}
	if r.store != 100*time.Microsecond || r.broker != 10*time.Microsecond || r.published != 1 || r.heard != 2 || r.retold != 100 {
		t.Errorf("it is %+v", r)
	}
	for name, meters := range map[string][]meter{
		"one reading":     {second(1, 0, 0, 0)},
		"nothing is said": {second(5, 0, 0, 0), second(0, 0, 0, 0)},
	} {
		if err := r.divide(meters); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if v := counted(map[string]float64{"here": 1}, "not here"); !math.IsNaN(v) {
		t.Errorf("a counter that isn't there is %v", v)
	}
}

func TestDeploymentsAreChosenByName(t *testing.T) {
	if all, err := chooseDeployments(deployments, ""); err != nil || len(all) != len(deployments) {
		t.Errorf("all of them: %v, %v", all, err)
	}
	some, err := chooseDeployments(deployments, "3-redis,1-postgres")
	if err != nil || len(some) != 2 || some[0] != deployments[0] || some[1].name != "3-redis" {
		t.Errorf("it chose %v, %v, want the first and 3-redis", some, err)
	}
	if _, err := chooseDeployments(deployments, "4-redis"); err == nil {
		t.Error("a name that is none was taken")
	}
	if _, err := chooseMeasures(clusterMeasures(1), "rooms,naps"); err == nil {
		t.Error("a measurement that is none was taken")
	}
}
