# SPDX-License-Identifier: MIT
# The labs: docs/labs.md.

.PHONY: lab check-lab labs
lab: ## something taken away, in a copy to work in: make lab N=3
	@tools/setup run
	@$(PYTHON) tools/lab start $(N)

check-lab: ## check that copy: make check-lab N=3 SEED=7
	@tools/setup test
	@$(PYTHON) tools/lab check $(N) $(if $(SEED),--seed $(SEED))

labs: ## which labs there are
	@$(PYTHON) tools/lab list
