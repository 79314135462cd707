"""The model in a runtime of MLServer. Its own runtime for scikit-learn has no decision function."""
import os

import joblib
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Pump(MLModel):
    async def load(self) -> bool:
        self.model = joblib.load(os.environ["MODEL"])
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        rows = NumpyCodec.decode_input(payload.inputs[0])
        scores = self.model.decision_function(rows)
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("score", scores)])
