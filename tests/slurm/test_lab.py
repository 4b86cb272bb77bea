def test_jobs_run_on_both_nodes(lab):
    done = lab.run("srun", "-N2", "-n2", "hostname")
    assert len(done.stdout.split()) == 2
