"""CoOp's data folders: eleven data sets, the shifted ImageNets, their split files and cached draws."""
