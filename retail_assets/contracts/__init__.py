"""What every dataset is: one Open Data Contract Standard file a dataset, and their loader."""

from retail_assets.contracts.contract import Column, Contract, Rule
from retail_assets.contracts.loader import contract, contract_names

__all__ = ["Column", "Contract", "Rule", "contract", "contract_names"]
