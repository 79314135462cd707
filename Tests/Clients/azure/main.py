"""The scoring script that Azure's server runs: bad bodies are answered with 400, as its documentation shows."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import scoring
from azureml_inference_server_http.api.aml_response import AMLResponse


def init():
    scoring.load(os.environ["AZUREML_MODEL_DIR"])


def run(raw_data):
    try:
        return scoring.score(raw_data)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return AMLResponse({"message": str(error)}, 400, json_str=True)
